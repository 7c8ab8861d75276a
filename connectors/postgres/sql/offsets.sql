-- create --
-- Offsets live beside the data. A row is never deleted, or epochs would start again.
CREATE TABLE IF NOT EXISTS {offsets} (
  connector text NOT NULL, topic text NOT NULL, partition int NOT NULL,
  cluster_id text, topic_id text,
  next_offset bigint CHECK (next_offset >= 0),   -- next offset to read; NULL: reset
  leader_epoch int,
  epoch bigint NOT NULL DEFAULT 0, owner text,   -- epoch 0 and no owner: seeded, never claimed
  backend_pid int, backend_start timestamptz,    -- the claimant's server process
  records bigint NOT NULL DEFAULT 0, errant bigint NOT NULL DEFAULT 0,
  filtered bigint NOT NULL DEFAULT 0, gaps bigint NOT NULL DEFAULT 0,
  schema_version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (connector, topic, partition)
) WITH (fillfactor = 50)

-- version --
SELECT max(schema_version) FROM {offsets}

-- claim --
-- Queues behind the last owner's open transaction, so what it returns is final. A row of another
-- topic or cluster is not returned and not changed: that would fence its rightful owner.
WITH claimed AS (
INSERT INTO {offsets} AS o (
  connector, topic, partition, cluster_id, topic_id, next_offset, leader_epoch,
  epoch, owner, backend_pid, backend_start)
SELECT %(connector)s, v.topic, v.partition, v.cluster_id, v.topic_id, v.next_offset, v.leader_epoch,
  1, %(owner)s, a.pid, a.backend_start
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(cluster_ids)s::text[],
            %(topic_ids)s::text[], %(next_offsets)s::bigint[], %(leader_epochs)s::int[])
  AS v (topic, partition, cluster_id, topic_id, next_offset, leader_epoch),
  (SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS a
ORDER BY v.topic, v.partition
ON CONFLICT (connector, topic, partition) DO UPDATE SET
  epoch = o.epoch + 1, owner = excluded.owner,
  backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
  leader_epoch = CASE WHEN o.next_offset IS NULL THEN excluded.leader_epoch
                      ELSE o.leader_epoch END,
  next_offset = COALESCE(o.next_offset, excluded.next_offset),
  cluster_id = COALESCE(o.cluster_id, excluded.cluster_id),
  topic_id = COALESCE(o.topic_id, excluded.topic_id),
  updated_at = clock_timestamp()
WHERE (o.cluster_id IS NULL OR excluded.cluster_id IS NULL OR o.cluster_id = excluded.cluster_id)
  AND (o.topic_id IS NULL OR excluded.topic_id IS NULL OR o.topic_id = excluded.topic_id)
RETURNING topic, partition, next_offset, leader_epoch, topic_id, cluster_id, epoch
), noted AS (
INSERT INTO {ledger} (connector, topic, partition, kind, epoch, from_offset, to_offset, owner, config)
SELECT %(connector)s, topic, partition, 'claim', epoch, next_offset, next_offset, %(owner)s, %(config)s
FROM claimed
)
SELECT topic, partition, next_offset, leader_epoch, topic_id, cluster_id, epoch FROM claimed

-- advance --
-- First in every flush: a fenced worker learns it in one round trip.
WITH moved AS (
UPDATE {offsets} AS o SET
  next_offset = v.next_offset, leader_epoch = v.leader_epoch,
  records = o.records + v.records, errant = o.errant + v.errant,
  filtered = o.filtered + v.filtered, gaps = o.gaps + v.gaps, updated_at = clock_timestamp()
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(epochs)s::bigint[],
            %(expected)s::bigint[], %(next_offsets)s::bigint[], %(leader_epochs)s::int[],
            %(records)s::bigint[], %(errant)s::bigint[], %(filtered)s::bigint[], %(gaps)s::bigint[])
  AS v (topic, partition, epoch, expected, next_offset, leader_epoch,
        records, errant, filtered, gaps)
WHERE o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition
  AND o.epoch = v.epoch AND o.next_offset = v.expected
RETURNING o.topic, o.partition, o.epoch, o.owner, v.expected, v.next_offset,
  v.records, v.errant, v.filtered, v.gaps
)
INSERT INTO {ledger} (connector, topic, partition, kind, epoch, from_offset, to_offset,
  records, errant, filtered, gaps, owner, config)
SELECT %(connector)s, topic, partition, 'commit', epoch, expected, next_offset,
  records, errant, filtered, gaps, owner, %(config)s
FROM moved

-- recounted --
-- Records that the flush itself found to be bad, or left out: they were counted as good ones before,
-- here and in the flush's own row of the ledger, which is the newest.
WITH v AS (
SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(errant)s::bigint[], %(filtered)s::bigint[])
  AS v (topic, partition, errant, filtered)
), counted AS (
UPDATE {offsets} AS o SET records = o.records - v.errant - v.filtered,
  errant = o.errant + v.errant, filtered = o.filtered + v.filtered
FROM v
WHERE o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition
), newest AS MATERIALIZED (  -- else all rows of a ledger without statistics are looked at
SELECT v.*, (SELECT max(n.number) FROM {ledger} AS n WHERE n.connector = %(connector)s
  AND n.topic = v.topic AND n.partition = v.partition) AS number
FROM v
)
UPDATE {ledger} AS l SET records = l.records - v.errant - v.filtered,
  errant = l.errant + v.errant, filtered = l.filtered + v.filtered
FROM newest AS v
WHERE l.connector = %(connector)s AND l.topic = v.topic AND l.partition = v.partition
  AND l.number = v.number

-- replayed --
-- Dead letters that are records now: the offset stays, so it is a step of its own in the ledger.
WITH counted AS (
UPDATE {offsets} AS o SET records = o.records + v.replayed, errant = o.errant - v.replayed
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(replayed)s::bigint[])
  AS v (topic, partition, replayed)
WHERE o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition
RETURNING o.topic, o.partition, o.epoch, o.next_offset, v.replayed
)
INSERT INTO {ledger} (connector, topic, partition, kind, epoch, from_offset, to_offset, records, errant)
SELECT %(connector)s, topic, partition, 'replay', epoch, next_offset, next_offset, replayed, -replayed
FROM counted

-- held --
-- In the order in which flushes lock them.
SELECT topic, partition, next_offset FROM {offsets}
WHERE connector = %(connector)s AND next_offset IS NOT NULL
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::int[]))
ORDER BY topic, partition
FOR UPDATE

-- rewritten --
-- A range that was written again: no offset moves, and its counts are those of the new rows.
INSERT INTO {ledger} (connector, topic, partition, kind, epoch, from_offset, to_offset,
  records, errant, filtered, gaps, owner, config)
SELECT %(connector)s, v.topic, v.partition, 'replay', o.epoch, v.start, v."end",
  v.records, v.errant, v.filtered, v."end" - v.start - v.records - v.errant - v.filtered,
  %(owner)s, %(config)s
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(starts)s::bigint[], %(ends)s::bigint[],
            %(records)s::bigint[], %(errant)s::bigint[], %(filtered)s::bigint[])
  AS v (topic, partition, start, "end", records, errant, filtered)
JOIN {offsets} AS o ON o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition

-- holder --
-- The server process of the claimant, if it still lives and is not this one; and whether that is
-- certain. To a role without the right to see it backend_start is NULL, and a pid may be used again.
SELECT a.pid, a.usename::text, o.owner, a.backend_start IS NOT NULL
FROM {offsets} AS o JOIN pg_stat_activity AS a
  ON a.pid = o.backend_pid AND a.pid <> pg_backend_pid()
  AND COALESCE(a.backend_start, o.backend_start) = o.backend_start
WHERE o.connector = %(connector)s AND o.topic = %(topic)s AND o.partition = %(partition)s

-- terminate --
-- Whoever has that pid by now is ended only if it is that process.
SELECT pg_terminate_backend(a.pid)
FROM {offsets} AS o JOIN pg_stat_activity AS a
  ON a.pid = o.backend_pid AND a.pid <> pg_backend_pid() AND a.backend_start = o.backend_start
WHERE o.connector = %(connector)s AND o.topic = %(topic)s AND o.partition = %(partition)s

-- read --
SELECT topic, partition, next_offset, leader_epoch, topic_id, cluster_id, epoch, owner
FROM {offsets} WHERE connector = %(connector)s

-- counted --
SELECT topic, partition, records, errant, filtered, gaps
FROM {offsets} WHERE connector = %(connector)s

-- seed --
INSERT INTO {offsets} (connector, topic, partition, cluster_id, topic_id, next_offset, leader_epoch)
SELECT %(connector)s, v.*
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(cluster_ids)s::text[],
            %(topic_ids)s::text[], %(next_offsets)s::bigint[], %(leader_epochs)s::int[])
  AS v (topic, partition, cluster_id, topic_id, next_offset, leader_epoch)
ORDER BY v.topic, v.partition
ON CONFLICT DO NOTHING

-- alter --
-- The rows exist by now. expected NULL: whatever the row holds. A reset (next_offset NULL) forgets
-- the ids too, or no claim would ever pass again.
WITH before AS (
SELECT o.topic, o.partition, o.next_offset
FROM {offsets} AS o
JOIN unnest(%(topics)s::text[], %(partitions)s::int[]) AS v (topic, partition)
  ON o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition
FOR UPDATE OF o
), altered AS (
UPDATE {offsets} AS o SET
  next_offset = v.next_offset, leader_epoch = v.leader_epoch,
  cluster_id = v.cluster_id, topic_id = v.topic_id,
  epoch = o.epoch + 1, owner = NULL, backend_pid = NULL, backend_start = NULL,
  updated_at = clock_timestamp()
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(cluster_ids)s::text[],
            %(topic_ids)s::text[], %(next_offsets)s::bigint[], %(leader_epochs)s::int[],
            %(expected)s::bigint[])
  AS v (topic, partition, cluster_id, topic_id, next_offset, leader_epoch, expected)
JOIN before AS b USING (topic, partition)
WHERE o.connector = %(connector)s AND o.topic = v.topic AND o.partition = v.partition
  AND o.epoch = COALESCE(v.expected, o.epoch)
RETURNING o.topic, o.partition, o.epoch, b.next_offset AS from_offset, o.next_offset AS to_offset
)
INSERT INTO {ledger} (connector, topic, partition, kind, epoch, from_offset, to_offset)
SELECT %(connector)s, topic, partition, 'alter', epoch, from_offset, to_offset FROM altered
RETURNING topic, partition
