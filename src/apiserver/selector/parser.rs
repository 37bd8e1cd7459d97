//! The grammar of label selectors: `k`, `!k`, `k=v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k>1`, `k<1`.

use std::collections::BTreeSet;

use super::{
    labels::{Operator, Requirement},
    lexer::{Lexer, Token},
    validation,
};

pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut lexer = Lexer::new(text);
    let mut requirements = Vec::new();
    loop {
        match lexer.peek_value() {
            Token::Identifier(_) | Token::Not => {
                let requirement = requirement(&mut lexer)
                    .map_err(|error| format!("unable to parse requirement: {error}"))?;
                requirements.push(requirement);
                match lexer.next_value() {
                    Token::End => return Ok(requirements),
                    Token::Comma => match lexer.peek_value() {
                        Token::Identifier(_) | Token::Not => {}
                        other => return Err(expected(&other, "identifier after ','")),
                    },
                    other => return Err(expected(&other, "',' or 'end of string'")),
                }
            }
            Token::End => return Ok(requirements),
            other => return Err(expected(&other, "!, identifier, or 'end of string'")),
        }
    }
}

fn expected(found: &Token, what: &str) -> String {
    format!("found '{}', expected: {what}", found.text())
}

fn requirement(lexer: &mut Lexer<'_>) -> Result<Requirement, String> {
    let mut token = lexer.next_value();
    let negated = token == Token::Not;
    if negated {
        token = lexer.next_value();
    }
    let Token::Identifier(key) = token else { return Err(expected(&token, "identifier")) };
    validation::key(&key)?;
    if negated {
        return Requirement::new(key, Operator::DoesNotExist, BTreeSet::new());
    }
    if matches!(lexer.peek_value(), Token::End | Token::Comma) {
        return Requirement::new(key, Operator::Exists, BTreeSet::new());
    }
    let (operator, values) = match lexer.next_operator() {
        Token::In => (Operator::In, value_set(lexer)?),
        Token::NotIn => (Operator::NotIn, value_set(lexer)?),
        Token::Equals | Token::DoubleEquals => (Operator::In, exact_value(lexer)?),
        Token::NotEquals => (Operator::NotIn, exact_value(lexer)?),
        Token::GreaterThan => (Operator::GreaterThan, exact_value(lexer)?),
        Token::LessThan => (Operator::LessThan, exact_value(lexer)?),
        other => return Err(expected(&other, "in, notin, =, ==, !=, gt, lt")),
    };
    Requirement::new(key, operator, values)
}

/// One value, or none: `k=` asks for the empty one.
fn exact_value(lexer: &mut Lexer<'_>) -> Result<BTreeSet<String>, String> {
    if matches!(lexer.peek_value(), Token::End | Token::Comma) {
        return Ok([String::new()].into());
    }
    match lexer.next_value() {
        Token::Identifier(value) => Ok([value].into()),
        other => Err(expected(&other, "identifier")),
    }
}

/// `(a,b)`; a missing value is the empty one, also that of `()`.
fn value_set(lexer: &mut Lexer<'_>) -> Result<BTreeSet<String>, String> {
    let open = lexer.next_value();
    if open != Token::Open {
        return Err(format!("found '{}' expected: '('", open.text()));
    }
    let mut values = BTreeSet::new();
    loop {
        match lexer.peek_value() {
            Token::Identifier(value) => {
                lexer.next_value();
                values.insert(value);
            }
            Token::Comma | Token::Close => {
                values.insert(String::new());
            }
            other => return Err(expected(&other, "',', ')' or identifier")),
        }
        match lexer.next_value() {
            Token::Comma => {}
            Token::Close => return Ok(values),
            other => return Err(expected(&other, "',' or ')'")),
        }
    }
}
