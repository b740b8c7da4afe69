"""What follows from a spec alone: a reference database, rows that fit it and rows that must not, calls at each bound.

Everything here is plain Python over plain JSON values and imports nothing of orch, because it also runs inside the
sandboxed process of a check (`runner.checks.probe`), where every import costs start-up time.
"""
