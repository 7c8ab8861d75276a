-- columns --
-- What can be written, and how. A domain counts as its base type.
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
  CASE WHEN b.typname IN ('json', 'jsonb') THEN 'json'
       WHEN b.typcategory = 'A' THEN 'array' ELSE 'plain' END,
  a.attnotnull, a.atthasdef OR a.attidentity <> '',
  a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_attribute AS a
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_type AS b ON b.oid = COALESCE(NULLIF(t.typbasetype, 0), t.oid)
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

-- unique keys --
-- The column sets that ON CONFLICT can name: unique, immediate, without a condition or expression.
SELECT array_agg(a.attname::text ORDER BY a.attname)
FROM pg_index AS i
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
WHERE i.indrelid = to_regclass(%(table)s) AND i.indisunique AND i.indimmediate AND i.indisvalid
  AND i.indpred IS NULL AND i.indexprs IS NULL
GROUP BY i.indexrelid

-- deferrable --
SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(%(table)s) AND condeferrable)

-- lock for ddl --
-- One at a time: racing CREATE TABLE IF NOT EXISTS fails with 23505 in a catalog.
SELECT pg_advisory_xact_lock(hashtext('sinkworker'), hashtext('ddl'))

-- session --
SELECT set_config('statement_timeout', %(statement_timeout)s, false),
  set_config('lock_timeout', %(lock_timeout)s, false),
  set_config('idle_in_transaction_session_timeout', '30s', false),
  set_config('timezone', 'UTC', false),
  CASE WHEN current_setting('client_connection_check_interval', true) IS NOT NULL
       THEN set_config('client_connection_check_interval', '5s', false) END,
  pg_backend_pid()
