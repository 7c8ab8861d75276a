-- create --
-- One row for each step of a partition's offset, in their order; written with that step.
CREATE TABLE IF NOT EXISTS {ledger} (
  connector text NOT NULL, topic text NOT NULL, partition int NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,                             -- claim, commit, alter, replay
  epoch bigint NOT NULL,
  from_offset bigint, to_offset bigint,           -- next offset to read, before and after
  records bigint NOT NULL DEFAULT 0, errant bigint NOT NULL DEFAULT 0,
  filtered bigint NOT NULL DEFAULT 0, gaps bigint NOT NULL DEFAULT 0,
  owner text, config text,                        -- who, under which configuration
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (connector, topic, partition, number)
)

-- read --
SELECT topic, partition, kind, epoch, from_offset, to_offset, records, errant, filtered, gaps,
  owner, config, at
FROM {ledger}
WHERE connector = %(connector)s
ORDER BY number DESC
LIMIT %(limit)s

-- trim --
-- Looks at the oldest rows of each partition alone, by the primary key: most of a ledger is young, and a
-- flush waits meanwhile. The newest row of a partition stays. Says how many went, and of one partition.
-- By ctid, because Postgres may read the whole ledger to join a few keys with it.
WITH RECURSIVE p AS (
  (SELECT topic, partition FROM {ledger} WHERE connector = %(connector)s
   ORDER BY topic, partition LIMIT 1)
  UNION ALL
  SELECT following.* FROM p CROSS JOIN LATERAL (
    SELECT topic, partition FROM {ledger}
    WHERE connector = %(connector)s AND (topic, partition) > (p.topic, p.partition)
    ORDER BY topic, partition LIMIT 1
  ) AS following
), trimmed AS (
  DELETE FROM {ledger} WHERE connector = %(connector)s AND ctid = ANY (ARRAY(
    SELECT oldest.ctid FROM p CROSS JOIN LATERAL (
      SELECT ctid, at, number FROM {ledger}
      WHERE connector = %(connector)s AND topic = p.topic AND partition = p.partition
      ORDER BY number LIMIT %(of_one)s
    ) AS oldest
    WHERE oldest.at < clock_timestamp() - %(kept_ms)s * interval '1 ms'
      AND oldest.number < (
        SELECT max(number) FROM {ledger}
        WHERE connector = %(connector)s AND topic = p.topic AND partition = p.partition)
    LIMIT %(limit)s
  ))
  RETURNING topic, partition
)
SELECT coalesce(sum(number), 0), coalesce(max(number), 0)
FROM (SELECT count(*) AS number FROM trimmed GROUP BY topic, partition) AS counted
