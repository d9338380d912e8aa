-- Where alerts go.
CREATE TABLE alert_channel (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    kind           text NOT NULL CHECK (kind IN ('mail', 'webhook', 'apprise')),
    -- Sealed: where it goes, and by which secrets.
    target         bytea NOT NULL,
    -- The target as it may be shown.
    shown          text NOT NULL,
    -- cause: a new cause at once; digest: what came since; trouble: a connection that cannot work, and its recovery.
    kinds          text[] NOT NULL,
    digest_every_s integer NOT NULL DEFAULT 3600 CHECK (digest_every_s BETWEEN 60 AND 604800),
    digested_at    timestamptz NOT NULL DEFAULT now(),
    -- What it does not take is not tried before.
    next_try_at    timestamptz NOT NULL DEFAULT now(),
    failures       integer NOT NULL DEFAULT 0,
    failing_since  timestamptz,
    last_error     text,
    last_sent_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
);

-- One thing that was worth telling.
CREATE TABLE alert (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('cause', 'digest', 'trouble', 'recovery', 'test')),
    title      text NOT NULL,
    -- Without anybody's data.
    body       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_old ON alert (created_at);

-- One alert on its way through one channel.
CREATE TABLE alert_sending (
    alert_id   bigint NOT NULL REFERENCES alert ON DELETE CASCADE,
    channel_id bigint NOT NULL REFERENCES alert_channel ON DELETE CASCADE,
    -- intent: a hub began to send it; unknown: it may have been sent, and is not sent again.
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'intent', 'sent', 'unknown', 'given_up')),
    tries      integer NOT NULL DEFAULT 0,
    -- Of an intent: until then the hub that began has it.
    due_at     timestamptz NOT NULL DEFAULT now(),
    reason     text,
    ended_at   timestamptz,
    PRIMARY KEY (alert_id, channel_id)
);
CREATE INDEX alert_sending_due ON alert_sending (channel_id, alert_id) WHERE state IN ('waiting', 'intent');

-- A connection that could not work for long enough to be told of.
CREATE TABLE alert_trouble (
    connection text PRIMARY KEY,
    state      text NOT NULL,
    since      timestamptz NOT NULL,
    told_at    timestamptz NOT NULL DEFAULT now()
);

-- When it was told of; NULL = it is news.
ALTER TABLE cause ADD COLUMN alerted_at timestamptz;
-- Those of before were seen, or not; they are no news.
UPDATE cause SET alerted_at = now();
CREATE INDEX cause_news ON cause (id) WHERE alerted_at IS NULL AND open > 0;
CREATE INDEX cause_over ON cause (last_seen) WHERE alerted_at IS NOT NULL AND open = 0;
