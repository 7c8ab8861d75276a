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
-- A few at a time, so that no flush waits long. The newest row of a partition stays.
DELETE FROM {ledger} AS l USING (
  SELECT o.topic, o.partition, o.number FROM {ledger} AS o
  WHERE o.connector = %(connector)s AND o.at < clock_timestamp() - %(kept_ms)s * interval '1 ms'
    AND EXISTS (
      SELECT FROM {ledger} AS n
      WHERE n.connector = o.connector AND n.topic = o.topic AND n.partition = o.partition
        AND n.number > o.number)
  LIMIT %(limit)s
) AS old
WHERE l.connector = %(connector)s AND l.topic = old.topic AND l.partition = old.partition
  AND l.number = old.number
