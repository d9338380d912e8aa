-- Failures by cause: a cause is what many have in common, without anybody's data.
CREATE TABLE cause (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Keyed by consumer or connection, operation, outcome and the message without its values.
    key            bytea NOT NULL UNIQUE,
    -- event: what came in could not be carried over; effect: a write was given up; unreadable: nobody understands it.
    kind           text NOT NULL CHECK (kind IN ('event', 'effect', 'unreadable')),
    consumer_id    bigint,
    connection_id  bigint,
    operation      text,
    -- Of the last try: "rejected", "unknown", …, with its HTTP status where one came.
    outcome        text,
    status         integer,
    title          text NOT NULL,
    field          text,
    -- Failures that wait for somebody, and all that there ever were.
    open           bigint NOT NULL DEFAULT 0,
    total          bigint NOT NULL DEFAULT 0,
    first_seen     timestamptz NOT NULL DEFAULT now(),
    last_seen      timestamptz NOT NULL DEFAULT now(),
    ignored_at     timestamptz,
    ignored_by     text,
    ignored_reason text
);
CREATE INDEX cause_open ON cause (last_seen) WHERE open > 0;

CREATE TABLE failure (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause_id    bigint NOT NULL REFERENCES cause ON DELETE CASCADE,
    event_id    bigint NOT NULL,
    -- 0 = no consumer had it: it could not be read.
    consumer_id bigint NOT NULL DEFAULT 0,
    effect_id   bigint,
    person_id   bigint,
    -- What happened, once told: taken up again, it must not pass for a repeat of itself.
    occurrence  bytea,
    -- open: waits for somebody; retried: taken up again; replaced: an edited copy was; ignored: nobody will.
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'replaced', 'ignored')),
    -- The edited copy of the event.
    replaced_by bigint,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, consumer_id)
);
CREATE INDEX failure_cause ON failure (cause_id, id) WHERE state = 'open';
CREATE INDEX failure_old ON failure (failed_at);

-- Many failures taken up again, page by page.
CREATE TABLE replay (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state      text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done', 'aborted')),
    -- Which ones, and how their events are edited first.
    wanted     jsonb NOT NULL,
    edits      jsonb NOT NULL DEFAULT '[]',
    reason     text NOT NULL,
    begun_by   text NOT NULL,
    -- Failures up to there were looked at; none younger than `last` is.
    cursor     bigint NOT NULL DEFAULT 0,
    last       bigint NOT NULL,
    found      bigint NOT NULL,
    taken      bigint NOT NULL DEFAULT 0,
    -- Whose edit could not be made.
    unedited   bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
CREATE INDEX replay_running ON replay (id) WHERE state = 'running';

-- Taken up by a replay of many: nobody waits for it.
ALTER TABLE assignment ADD COLUMN replay_id bigint;
CREATE INDEX assignment_replay ON assignment (replay_id, state) WHERE replay_id IS NOT NULL;

-- Since when nothing of a lane can go.
ALTER TABLE lane ADD COLUMN held_since timestamptz;

CREATE TABLE failure_keeping (
    -- Days for which what nobody mended is kept; its events stay.
    keep_days integer NOT NULL DEFAULT 90 CHECK (keep_days >= 7)
);
INSERT INTO failure_keeping DEFAULT VALUES;

-- Dead letters of before: one cause a consumer, as their messages were not looked at.
INSERT INTO cause (key, kind, consumer_id, title)
SELECT DISTINCT int8send(consumer_id), 'event', consumer_id, 'given up before causes were kept'
FROM assignment WHERE state = 'dead';
INSERT INTO failure (cause_id, event_id, consumer_id, person_id, failed_at)
SELECT cause.id, event_id, assignment.consumer_id, person_id, COALESCE(ended_at, now())
FROM assignment JOIN cause ON cause.key = int8send(assignment.consumer_id) WHERE state = 'dead';
UPDATE cause SET open = counted.n, total = counted.n
FROM (SELECT cause_id, count(*) AS n FROM failure GROUP BY cause_id) AS counted WHERE cause.id = counted.cause_id;
