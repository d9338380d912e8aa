-- How records that no webhook tells of stood when they were last looked at.
CREATE TABLE swept (
    connection_id bigint NOT NULL REFERENCES connection ON DELETE CASCADE,
    stream        text NOT NULL CHECK (stream IN ('task', 'note', 'appointment', 'contact')),
    record_id     text NOT NULL,
    -- Whose it is, by the far side's own id.
    contact_id    text,
    -- Keyed hash; empty = gone, and told so.
    digest        bytea NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now(),
    -- When a look first missed it: a second one, far enough apart, tells that it is gone.
    missed_at     timestamptz,
    PRIMARY KEY (connection_id, stream, record_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX swept_contact ON swept (connection_id, contact_id);
CREATE INDEX swept_missed ON swept (connection_id, missed_at) WHERE missed_at IS NOT NULL;

-- Whom each consumer is linked with, on either side.
CREATE VIEW linked AS
SELECT consumer_id, 'contacts_api' AS side, contact_id AS record_id, updated_at FROM link WHERE state = 'open'
UNION ALL
SELECT consumer_id, 'nimbata', nimbata_id, updated_at FROM link WHERE state = 'open' AND nimbata_id IS NOT NULL;

-- What polls and sweeps found that no webhook had told, a row a kind and day.
CREATE TABLE sweep_found (
    connection_id bigint NOT NULL REFERENCES connection ON DELETE CASCADE,
    kind          text NOT NULL,
    -- UTC.
    day           date NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (connection_id, day, kind)
);
CREATE INDEX event_polled ON event (connection_id, received_at) WHERE source = 'poll';

-- Accounts that are polled already are swept from now on; where polls were switched off, they stay off.
INSERT INTO poll (connection_id, lane_id, stream, every_s)
SELECT connection.id, connection.lane_id, sweep.stream, sweep.every_s
FROM connection
CROSS JOIN (VALUES ('task', 300.0), ('form_submission', 300.0), ('walk', 60.0)) AS sweep (stream, every_s)
WHERE connector = 'contacts_api'
    AND EXISTS (SELECT FROM poll WHERE poll.connection_id = connection.id AND poll.stream = 'contact');
INSERT INTO poll (connection_id, lane_id, stream, every_s)
SELECT connection.id, connection.lane_id, 'walk', 60.0
FROM connection
WHERE connector = 'nimbata' AND settings ->> 'mode' = 'native'
    AND EXISTS (SELECT FROM poll WHERE poll.connection_id = connection.id);
