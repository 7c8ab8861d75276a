-- What Kafka acknowledged, noted by the demo; the worker does not know this table.
CREATE TABLE produced (topic text, number bigint, partition int, "offset" bigint);

-- The worker's tables. No key: a row that came twice would stand there twice. `landed` is the order in
-- which rows came.
CREATE TABLE kinaction_alert (
  alert_id bigint, stage_id int, level text, message text,
  landed bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE kinaction_alerttrend (
  trend_id bigint, stage_id int, hour timestamptz, alerts int,
  landed bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE kinaction_audit (
  audit_id bigint, employee text, action text, stage_id int,
  landed bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE kinaction_sensor (
  reading_id bigint, sensor_id int, "time" bigint, status text,
  landed bigint GENERATED ALWAYS AS IDENTITY);

CREATE VIEW landed AS
  SELECT 'kinaction_alert' AS topic, alert_id AS number, landed FROM kinaction_alert
  UNION ALL SELECT 'kinaction_alerttrend', trend_id, landed FROM kinaction_alerttrend
  UNION ALL SELECT 'kinaction_audit', audit_id, landed FROM kinaction_audit
  UNION ALL SELECT 'kinaction_sensor', reading_id, landed FROM kinaction_sensor;
