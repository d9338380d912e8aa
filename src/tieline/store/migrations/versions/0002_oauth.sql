-- An app that is registered with a far side: by it accounts are connected with OAuth.
CREATE TABLE app (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    connector   text NOT NULL CHECK (connector IN ('contacts_api')),
    base_url    text NOT NULL,
    -- Where a person is sent to allow it; client, scopes and state are added.
    install_url text NOT NULL,
    client_id   text NOT NULL,
    -- Sealed JSON: client secrets, newest first, and the keys that sign its webhooks.
    secret      bytea NOT NULL,
    scopes      text[] NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- What an account gave an app: a pair of tokens, of which the refreshing one can be used once.
CREATE TABLE oauth_grant (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_id       bigint NOT NULL REFERENCES app,
    user_type    text NOT NULL CHECK (user_type IN ('Location', 'Company')),
    -- Id of the location or of the company.
    account      text NOT NULL,
    company      text NOT NULL DEFAULT '',
    -- The company's own grant, out of which this one can be made anew.
    parent_id    bigint REFERENCES oauth_grant,
    -- Sealed JSON: access token, refresh token.
    pair         bytea NOT NULL,
    scopes       text[] NOT NULL DEFAULT '{}',
    expires_at   timestamptz NOT NULL,
    -- Rises with each new pair: whoever lost the race for the row's lock sees that there is one.
    version      bigint NOT NULL DEFAULT 1,
    refreshing_at timestamptz,
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (app_id, user_type, account)
);

ALTER TABLE connection
    ADD COLUMN grant_id bigint REFERENCES oauth_grant,
    -- Since when the present token is in use, for the reminder to change it.
    ADD COLUMN token_since timestamptz NOT NULL DEFAULT now(),
    DROP COLUMN state;
-- One connection a grant: two ways of being told of an installation do not make two.
CREATE UNIQUE INDEX connection_grant ON connection (grant_id) WHERE grant_id IS NOT NULL;

-- Why a lane rests, as one of the named states of its connection.
ALTER TABLE lane ADD COLUMN held_state text CHECK (held_state IN (
    'revoked', 'uninstalled', 'inactive_location', 'wrong_host', 'scope_missing', 'no_access', 'quota_spent',
    'asked_to_wait'));
UPDATE lane SET held_state = 'revoked' WHERE held_until = 'infinity';

-- For what belongs to no account.
INSERT INTO lane (name) VALUES ('default') ON CONFLICT DO NOTHING;

-- A person who was sent to the far side, and is expected back with a code.
CREATE TABLE authorization_request (
    -- Hash of the `state` that the person carries.
    state        bytea PRIMARY KEY,
    app_id       bigint NOT NULL REFERENCES app ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    errand_id    bigint,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);

-- Something that a worker is asked to do in a lane, with its quota and its credential.
CREATE TABLE errand (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane_id    bigint NOT NULL REFERENCES lane,
    kind       text NOT NULL,
    -- Sealed JSON.
    input      bytea NOT NULL,
    state      text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'done', 'failed')),
    due_at     timestamptz NOT NULL DEFAULT now(),
    tries      integer NOT NULL DEFAULT 0,
    output     jsonb,
    reason     text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
CREATE INDEX errand_ready ON errand (lane_id, due_at) WHERE state = 'ready';
