-- Columns that hold personal data are bytea with a `seal` beside them: 0 = clear, else the number of the key that
-- sealed them, so that dropping a key erases a day or a person without rewriting rows.

CREATE TABLE lane (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    -- When there is work to do; 'infinity' = nothing. Lowered by intake in its own commit.
    ready_at    timestamptz NOT NULL DEFAULT 'infinity',
    -- Not before this: a far side asked us to wait, or its credential was refused ('infinity').
    held_until  timestamptz NOT NULL DEFAULT '-infinity',
    held_why    text,
    owner       text,
    -- Fencing number: rises at each claim, so that a worker that lost the lease can commit nothing.
    epoch       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
CREATE INDEX lane_ready ON lane (ready_at);

CREATE TABLE connection (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    connector   text NOT NULL CHECK (connector IN ('contacts_api', 'nimbata')),
    base_url    text NOT NULL,
    account     text NOT NULL,
    lane_id     bigint NOT NULL REFERENCES lane,
    -- Sealed JSON: token and webhook secrets.
    credential  bytea NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',
    state       text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'refused')),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- Whoever events are handed to. A sync today, a workflow's enrolment later.
CREATE TABLE consumer (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('sync')),
    lane_id bigint NOT NULL REFERENCES lane
);

CREATE TABLE sync (
    id                   bigint PRIMARY KEY REFERENCES consumer,
    name                 text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    source_connection_id bigint NOT NULL REFERENCES connection,
    project              text NOT NULL,
    target_connection_id bigint NOT NULL REFERENCES connection,
    definition           text NOT NULL,
    version              bigint NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source_connection_id, project, target_connection_id)
);

-- Delivery keys outlive their events, so that a repeat is known after the history was dropped.
CREATE TABLE delivery (
    connection_id bigint NOT NULL,
    key           bytea NOT NULL,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (connection_id, key)
);

CREATE SEQUENCE event_id;
CREATE TABLE event (
    id            bigint PRIMARY KEY,
    connection_id bigint NOT NULL,
    source        text NOT NULL CHECK (source IN ('webhook', 'poll', 'manual', 'replay')),
    kind          text NOT NULL,
    project       text,
    state         text NOT NULL CHECK (state IN ('routed', 'unrouted', 'test', 'unreadable')),
    reason        text,
    body          bytea NOT NULL,
    seal          bigint NOT NULL DEFAULT 0,
    received_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX event_left ON event (id) WHERE state IN ('unrouted', 'unreadable');

CREATE TABLE assignment (
    event_id    bigint NOT NULL,
    consumer_id bigint NOT NULL,
    lane_id     bigint NOT NULL,
    state       text NOT NULL DEFAULT 'ready'
        CHECK (state IN ('ready', 'waiting', 'done', 'duplicate', 'stale', 'skipped', 'dead')),
    person_id   bigint,
    due_at      timestamptz,
    tries       integer NOT NULL DEFAULT 0,
    -- Why it ended so, or what it waits for; in plain words.
    reason      text,
    ended_at    timestamptz,
    PRIMARY KEY (event_id, consumer_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX assignment_ready ON assignment (lane_id, event_id) WHERE state = 'ready';
CREATE INDEX assignment_waiting ON assignment (lane_id, due_at) WHERE state = 'waiting';
CREATE INDEX assignment_blocking ON assignment (person_id) WHERE state = 'waiting';
CREATE INDEX assignment_dead ON assignment (event_id) WHERE state = 'dead';

CREATE TABLE occurrence (
    consumer_id bigint NOT NULL,
    key         bytea NOT NULL,
    event_id    bigint NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_id, key)
);

CREATE SEQUENCE person_id;
CREATE TABLE person (
    id         bigint PRIMARY KEY,
    lane_id    bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who a phone, an e-mail or a record id belongs to; values are keyed hashes.
CREATE TABLE person_key (
    lane_id   bigint NOT NULL,
    digest    bytea NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('phone', 'email', 'contact', 'nimbata')),
    person_id bigint NOT NULL,
    PRIMARY KEY (lane_id, digest)
);
CREATE INDEX person_key_person ON person_key (person_id);

CREATE TABLE link (
    consumer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    contact_id  text NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'gone')),
    -- How often this person was linked before: a new record after a deletion is a new creation.
    generation  integer NOT NULL DEFAULT 0,
    -- The CRM's record as last seen there.
    contact     bytea NOT NULL,
    seal        bigint NOT NULL DEFAULT 0,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_id, person_id)
) WITH (fillfactor = 80);
CREATE INDEX link_contact ON link (consumer_id, contact_id);

CREATE SEQUENCE effect_id;
CREATE TABLE effect (
    id              bigint PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    lane_id         bigint NOT NULL,
    consumer_id     bigint NOT NULL,
    person_id       bigint NOT NULL,
    event_id        bigint NOT NULL,
    operation       text NOT NULL,
    -- intent: committed, may have been sent; unknown: sent, outcome not known; the rest are final.
    state           text NOT NULL CHECK (state IN ('intent', 'unknown', 'confirmed', 'dead', 'dropped')),
    input           bytea NOT NULL,
    seal            bigint NOT NULL DEFAULT 0,
    tries           integer NOT NULL DEFAULT 0,
    -- When a look-up first found nothing; a second absence after the settling time proves it.
    absent_at       timestamptz,
    result_id       text,
    reason          text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX effect_open ON effect (person_id) WHERE state IN ('intent', 'unknown');
CREATE INDEX effect_open_lane ON effect (lane_id) WHERE state IN ('intent', 'unknown');
CREATE INDEX effect_dead ON effect (id) WHERE state = 'dead';
CREATE INDEX effect_event ON effect (event_id);

CREATE TABLE attempt (
    effect_id   bigint NOT NULL,
    number      integer NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms double precision NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN
        ('confirmed', 'adopted', 'absent', 'rate_limited', 'unavailable', 'unknown', 'refused', 'rejected')),
    status      integer,
    trace_id    text,
    reason      text,
    PRIMARY KEY (effect_id, number)
);

CREATE TABLE poll (
    connection_id bigint NOT NULL REFERENCES connection,
    stream        text NOT NULL,
    project       text NOT NULL DEFAULT '',
    lane_id       bigint NOT NULL REFERENCES lane,
    every_s       double precision NOT NULL,
    due_at        timestamptz NOT NULL DEFAULT now(),
    -- How far it has read; advanced only when all that was read is stored.
    cursor        jsonb NOT NULL DEFAULT '{}',
    failures      integer NOT NULL DEFAULT 0,
    reason        text,
    ok_at         timestamptz,
    PRIMARY KEY (connection_id, stream, project)
);
CREATE INDEX poll_due ON poll (lane_id, due_at);

-- Deliveries turned away before they were stored, a row a minute.
CREATE TABLE refusal (
    connection_id bigint NOT NULL,
    reason        text NOT NULL,
    minute        timestamptz NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (connection_id, reason, minute)
);
