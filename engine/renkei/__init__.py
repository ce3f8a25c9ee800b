"""
Plug-in framework that keeps employees in step between two systems.

The rooms, from the doors down to the words; arrows between them run downwards only:

connector   the door for authors of connectors; hookspecs is what they implement
runs        the door for faces: fetch, choose, sync, resume, report
companies   the other door for faces: what is about all companies
worker      the door without a person: keeps the schedules of all companies
cluster     shares their jobs among several machines
rehearsal   a whole job of invented people, before a real one
operation   is it ready, is it in order: for monitors, the doctor and support
scheduled   what a schedule does when it is due
chores      what is done beside a worker, once for all of a store
alerts      what needs a person, and who is told
check       whether the work can be done at all
sync        carries a plan out: the only room that writes to a system
plan        reads both sides and makes a plan of what differs; writes to none
report      plans and reports as files
systems     opens the connections of a configuration
retention   what is old goes by itself
config      the configuration file
plugins     connectors, found and held to their contract
schedule    when something is due, what a job is, and what a person wants done
identity    who is who: the number, and what tells a person beside it
store       the journal: runs, plans, outcomes, leases
safety      what the syncs of one day may change without a person
mapping     which field is which, in both directions
database    a file of ours with tables: made, migrated or refused
yamlfile    what a person wrote, with the place of every mistake
http        HTTP as connectors use it
words       what is said to people, in two languages
model       records of a run; people are the records that connectors speak
errors      one class per way to recover

Beside them: text (what counts when texts are compared) with kanji, private (what is never read),
place (where a database is), clock, observer, logs, files, who, and lazily (names that are imported
when they are asked for). locale has the translations, and testing small real connectors for
everybody's tests.
"""
