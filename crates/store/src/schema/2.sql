-- `sum` says whether an entry is what was written: 32 bits, as a signed number, because that takes 4 bytes and not 6.
ALTER TABLE entry ADD COLUMN sum INTEGER;

-- `generation` says which file this is: a restored one is another. `sum` is over the three others.
ALTER TABLE meta ADD COLUMN generation BLOB;
ALTER TABLE meta ADD COLUMN sum INTEGER;
