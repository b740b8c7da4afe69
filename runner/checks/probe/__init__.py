"""What runs inside the sandboxed process of a check: a plan comes as JSON on stdin, findings go out as JSON."""
