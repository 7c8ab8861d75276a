-- create --
-- Records that could not be written, as they were read. Written with the offset that passes them.
CREATE TABLE IF NOT EXISTS {letters} (
  connector text NOT NULL, task int NOT NULL,
  topic text NOT NULL, partition int NOT NULL, "offset" bigint NOT NULL,
  stage text NOT NULL, class text NOT NULL,      -- where it failed: Kafka Connect's name, our class
  exception text NOT NULL, message text NOT NULL,
  timestamp timestamptz, key bytea, value bytea,
  headers jsonb NOT NULL,                        -- [{{"key": …, "value": base64 or null}}, …]
  failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (connector, topic, partition, "offset")
)

-- insert --
-- A record that is read again, because its offset was set back, replaces its letter.
INSERT INTO {letters} (
  connector, task, topic, partition, "offset", stage, class, exception, message,
  timestamp, key, value, headers)
SELECT %(connector)s, %(task)s, v.topic, v.partition, v.next, v.stage, v.class, v.exception, v.message,
  v.timestamp, v.key, v.value, v.headers::jsonb
FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(offsets)s::bigint[], %(stages)s::text[],
            %(classes)s::text[], %(exceptions)s::text[], %(messages)s::text[],
            %(timestamps)s::timestamptz[], %(keys)s::bytea[], %(values)s::bytea[],
            %(headers)s::text[])
  AS v (topic, partition, next, stage, class, exception, message, timestamp, key, value, headers)
ON CONFLICT (connector, topic, partition, "offset") DO UPDATE SET
  task = excluded.task, stage = excluded.stage, class = excluded.class,
  exception = excluded.exception, message = excluded.message, timestamp = excluded.timestamp,
  key = excluded.key, value = excluded.value, headers = excluded.headers,
  failed_at = excluded.failed_at

-- page --
SELECT topic, partition, "offset", stage, exception, message, failed_at::text,
  (extract(epoch FROM timestamp) * 1000)::bigint, key, value, headers::text
FROM {letters}
WHERE connector = %(connector)s
  AND (topic, partition, "offset") > (%(topic)s, %(partition)s, %(offset)s)
ORDER BY topic, partition, "offset" LIMIT %(limit)s

-- remove --
DELETE FROM {letters} AS l
USING unnest(%(topics)s::text[], %(partitions)s::int[], %(offsets)s::bigint[])
  AS v (topic, partition, next)
WHERE l.connector = %(connector)s AND l.topic = v.topic AND l.partition = v.partition
  AND l."offset" = v.next
