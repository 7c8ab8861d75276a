-- table --
-- What can be written, and how: a row for each column. One statement, so that all of it is of one
-- moment. A domain counts as the type beneath all its domains. Unique keys are the column sets that
-- ON CONFLICT can name: unique, immediate, without a condition or expression.
WITH RECURSIVE types AS (
  SELECT a.attnum, t.*
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT types.attnum, t.* FROM types JOIN pg_type AS t ON t.oid = types.typbasetype
  WHERE types.typtype = 'd'
), unique_keys AS (
  SELECT array_agg(a.attname::text ORDER BY a.attname) AS names
  FROM pg_index AS i
  JOIN pg_attribute AS a
    ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
  WHERE i.indrelid = to_regclass(%(table)s) AND i.indisunique AND i.indimmediate AND i.indisvalid
    AND i.indpred IS NULL AND i.indexprs IS NULL
  GROUP BY i.indexrelid
)
SELECT a.attname::text,
  format('%%s %%s', a.atttypid, a.atttypmod),
  CASE WHEN b.typcategory = 'A' THEN 'array of ' ELSE '' END ||
  CASE WHEN e.typname IN ('json', 'jsonb') THEN 'json'
       WHEN e.typname = 'bytea' THEN 'bytes'
       WHEN e.typname = 'timestamp' THEN 'timestamp'
       WHEN e.typname IN ('date', 'time', 'timetz', 'timestamptz', 'interval') THEN 'moment'
       ELSE 'plain' END,
  a.attnotnull OR t.typtype = 'd' OR EXISTS (
    SELECT FROM pg_constraint AS k
    WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)),
  a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
  CASE WHEN b.typname IN ('int2', 'int4', 'int8') THEN 'int'
       WHEN t.typname IN ('text', 'varchar') AND a.atttypmod = -1 AND c.collisdeterministic
       THEN 'str' ELSE '' END,
  a.attgenerated <> '' OR a.attidentity = 'a',
  r.relkind = 'v' OR EXISTS (
    SELECT FROM pg_rewrite AS w WHERE w.ev_class = a.attrelid AND w.ev_type = '3'),
  (SELECT json_agg(names) FROM unique_keys)
FROM pg_attribute AS a
JOIN pg_class AS r ON r.oid = a.attrelid
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN types AS b ON b.attnum = a.attnum AND b.typbasetype = 0
JOIN pg_type AS e ON e.oid = CASE WHEN b.typcategory = 'A' THEN b.typelem ELSE b.oid END
LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

-- versions --
-- For each table a text that changes with whatever `table` tells, and perhaps more often: which
-- transactions wrote its rows of the catalogs. For a tenth of the time, where there are many tables.
SELECT names.name, ROW(this.oid::oid,
  ARRAY(SELECT ROW(a.xmin, (SELECT t.xmin FROM pg_type AS t WHERE t.oid = a.atttypid))
        FROM pg_attribute AS a WHERE a.attrelid = this.oid AND a.attnum > 0),
  ARRAY(SELECT i.xmin FROM pg_index AS i WHERE i.indrelid = this.oid),
  ARRAY(SELECT k.xmin FROM pg_constraint AS k WHERE k.conrelid = this.oid),
  ARRAY(SELECT w.xmin FROM pg_rewrite AS w WHERE w.ev_class = this.oid))::text
FROM unnest(%(tables)s::text[]) AS names (name), to_regclass(names.name) AS this (oid)

-- exists --
SELECT to_regclass(%(table)s) IS NOT NULL

-- lock for ddl --
-- One at a time: racing CREATE TABLE IF NOT EXISTS fails with 23505 in a catalog.
SELECT pg_advisory_xact_lock(hashtext('sinkworker'), hashtext('ddl'))

-- session --
SELECT set_config('statement_timeout', %(statement_timeout)s, false),
  set_config('lock_timeout', %(lock_timeout)s, false),
  set_config('idle_in_transaction_session_timeout', '30s', false),
  set_config('timezone', 'UTC', false),
  set_config('plan_cache_mode', 'force_generic_plan', false),
  CASE WHEN current_setting('client_connection_check_interval', true) IS NOT NULL
       THEN set_config('client_connection_check_interval', '5s', false) END,
  pg_backend_pid()
