-- A move to another server that is under way, or was made: one row, or none.
CREATE TABLE store_move (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- The same on both servers while data is copied, so that a copy that was cut off is known as ours.
    move_id  text NOT NULL,
    -- Where to, without a password.
    target   text NOT NULL,
    -- moving: nothing is taken in; moved: this store is closed for good; arrived: on the new server, until it is used.
    state    text NOT NULL CHECK (state IN ('moving', 'moved', 'arrived')),
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE FUNCTION store_was_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
        MESSAGE = 'this store was moved to ' || (SELECT target FROM store_move);
END
$$;
