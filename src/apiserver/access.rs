//! Which rows a caller sees.
