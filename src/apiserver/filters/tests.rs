//! Requests through the whole stack.
