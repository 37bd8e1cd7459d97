//! Label and field selectors: upstream's grammars, its error texts, and limits on their size.
//!
//! Pure: text in, a predicate over labels and keys out.

mod fields;
mod labels;
mod lexer;
mod parser;
mod validation;

pub use fields::FieldSelector;
pub use labels::{LabelSelector, Requirement};
pub use validation::{key_faults as label_key_faults, value_faults as label_value_faults};

/// The longest selector that is read, in bytes.
const MAX_BYTES: usize = 8 << 10;
const MAX_REQUIREMENTS: usize = 64;
/// Values of all requirements together.
const MAX_VALUES: usize = 256;

/// A selector that is too long is not worth parsing.
fn check_length(selector: &str) -> Result<(), String> {
    if selector.len() > MAX_BYTES {
        return Err(format!("a selector must have at most {MAX_BYTES} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
