-- What was produced, against what landed.
SELECT
  (SELECT count(*) FROM produced) AS produced,
  (SELECT count(*) FROM landed) AS rows,
  (SELECT count(*) FROM produced AS p WHERE NOT EXISTS (
     SELECT FROM landed AS l WHERE l.topic = p.topic AND l.number = p.number)) AS missing,
  (SELECT count(*) - count(DISTINCT (topic, number)) FROM landed) AS duplicates,
  (SELECT count(*) FROM landed AS l WHERE NOT EXISTS (
     SELECT FROM produced AS p WHERE p.topic = l.topic AND p.number = l.number)) AS unknown,
  (SELECT count(*) FROM (
     SELECT "offset", lag("offset") OVER (PARTITION BY topic, partition ORDER BY landed) AS before
     FROM landed JOIN produced USING (topic, number)) AS rows_of_partitions
   WHERE before >= "offset") AS out_of_order
