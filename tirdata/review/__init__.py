"""The review server: queue, frames, edits, propagation; its HTTP is in docs/review-api.md."""
