-- The events of one person. A row gets its person as it ends, so that intake pays nothing for this.
CREATE INDEX assignment_person ON assignment (person_id, event_id) WHERE person_id IS NOT NULL;
