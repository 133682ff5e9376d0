-- Schema 8: a person has looked in the target and did not find the post there.
-- It may be sent once more (target_unsure).
ALTER TABLE delivery ADD COLUMN send_again INTEGER NOT NULL DEFAULT 0;
