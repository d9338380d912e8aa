-- Both sides of a person. A link of a one-way sync knows the CRM's record alone.
ALTER TABLE link
    ADD COLUMN nimbata_id text,
    -- The call-tracking account's record as last seen there.
    ADD COLUMN nimbata    bytea,
    -- Where the sides differ from what was agreed, and when their fields came to be as they are.
    ADD COLUMN merge      bytea;
CREATE INDEX link_nimbata ON link (consumer_id, nimbata_id) WHERE nimbata_id IS NOT NULL;

ALTER TABLE person_key DROP CONSTRAINT person_key_kind_check,
    ADD CONSTRAINT person_key_kind_check CHECK (kind IN ('phone', 'email', 'contact', 'nimbata', 'item'));

-- A task, note or appointment on both sides.
CREATE SEQUENCE item_id;
CREATE TABLE item (
    id              bigint PRIMARY KEY,
    consumer_id     bigint NOT NULL,
    person_id       bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('task', 'note', 'appointment')),
    nimbata_id      text,
    contacts_api_id text,
    -- gone: deleted on one side, and dealt with by the sync's policy.
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'gone')),
    -- As last seen on each side, and the state of their merge.
    nimbata         bytea,
    contacts_api    bytea,
    merge           bytea,
    seal            bigint NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX item_nimbata ON item (consumer_id, kind, nimbata_id) WHERE nimbata_id IS NOT NULL;
CREATE UNIQUE INDEX item_contacts_api ON item (consumer_id, kind, contacts_api_id) WHERE contacts_api_id IS NOT NULL;
CREATE INDEX item_person ON item (consumer_id, person_id);

-- A `derived` account's own tasks, notes and appointments, which we keep for it.
CREATE TABLE own_item (
    id            text PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connection,
    project       text NOT NULL,
    -- Id of the derived person: "drv:{project}:{phone or e-mail}".
    person        text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('task', 'note', 'appointment')),
    body          bytea NOT NULL,
    seal          bigint NOT NULL DEFAULT 0,
    -- What a creation is told by when it is repeated.
    reference     text,
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    UNIQUE (connection_id, reference)
);
CREATE INDEX own_item_person ON own_item (connection_id, person, kind);
CREATE INDEX own_item_changed ON own_item (connection_id, updated_at, id);

-- What only a person can settle, and what was answered.
CREATE TABLE conflict (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('identity', 'field')),
    -- Keyed hash of what it is about: the same question is asked once, and its answer is remembered.
    key         bytea NOT NULL,
    -- Both records side by side, and where they differ.
    details     bytea NOT NULL,
    seal        bigint NOT NULL DEFAULT 0,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
    choice      jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    UNIQUE (consumer_id, key)
);
CREATE INDEX conflict_open ON conflict (consumer_id, id) WHERE state = 'open';
CREATE INDEX conflict_person ON conflict (person_id);
-- Events that ended with a question: they are taken up again once it is answered.
CREATE INDEX assignment_unsettled ON assignment (person_id)
    WHERE state IN ('done', 'dead', 'skipped') AND strpos(reason, ' conflict: ') > 0;

-- What was seen or written of a person, so that a field can be explained and put back.
CREATE SEQUENCE history_id;
CREATE TABLE history (
    id          bigint PRIMARY KEY,
    consumer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    at          timestamptz NOT NULL,
    side        text NOT NULL CHECK (side IN ('nimbata', 'contacts_api')),
    -- seen: the side showed it; written: we wrote it; gone: it is not there any more.
    what        text NOT NULL CHECK (what IN ('seen', 'written', 'gone')),
    subject     text NOT NULL CHECK (subject IN ('contact', 'task', 'note', 'appointment')),
    record_id   text NOT NULL,
    event_id    bigint NOT NULL,
    -- The fields that changed, with their new values: JSON.
    fields      bytea NOT NULL,
    seal        bigint NOT NULL DEFAULT 0
);
CREATE INDEX history_person ON history (person_id, id);

ALTER TABLE effect
    ADD COLUMN side text NOT NULL DEFAULT 'contacts_api' CHECK (side IN ('nimbata', 'contacts_api'));
