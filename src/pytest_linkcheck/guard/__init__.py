"""`--linkcheck-guard`: which installed files were changed while any tests ran, and by which.

Two looks at every file, one before and one after, cost a `stat` each. What moved no change time
(ctime) was not changed; of what did, size, mode, owner and times tell, and last the bytes: RECORD
has their hash, and what no RECORD lists is hashed at the first look. So a write that sets the
times back is found, and a mere link to a file of a cache, which moves ctime too, is no alarm.
"""
