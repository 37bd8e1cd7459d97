//! The tokens of a label selector.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Identifier(String),
    In,
    NotIn,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    GreaterThan,
    LessThan,
    Open,
    Close,
    Comma,
}

impl Token {
    /// The token as it is quoted in an error.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::End => "",
            Self::Identifier(name) => name,
            Self::In => "in",
            Self::NotIn => "notin",
            Self::Not => "!",
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::GreaterThan => ">",
            Self::LessThan => "<",
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
        }
    }
}

pub(super) struct Lexer<'a> {
    rest: &'a str,
    peeked: Option<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, peeked: None }
    }

    /// The next token where `in` and `notin` are keywords.
    pub(super) fn next_operator(&mut self) -> Token {
        self.peeked.take().unwrap_or_else(|| self.scan())
    }

    /// The next token where `in` and `notin` are identifiers like any other.
    pub(super) fn next_value(&mut self) -> Token {
        as_value(self.next_operator())
    }

    /// [`Self::next_value`] without consuming it.
    pub(super) fn peek_value(&mut self) -> Token {
        let token = self.next_operator();
        self.peeked = Some(token.clone());
        as_value(token)
    }

    fn scan(&mut self) -> Token {
        self.rest = self.rest.trim_start_matches(is_space);
        let symbols: [(&str, Token); 9] = [
            ("==", Token::DoubleEquals),
            ("!=", Token::NotEquals),
            ("=", Token::Equals),
            ("!", Token::Not),
            (">", Token::GreaterThan),
            ("<", Token::LessThan),
            ("(", Token::Open),
            (")", Token::Close),
            (",", Token::Comma),
        ];
        for (text, token) in symbols {
            if let Some(rest) = self.rest.strip_prefix(text) {
                self.rest = rest;
                return token;
            }
        }
        let end = self.rest.find(|c| is_space(c) || "=!(),><".contains(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "" => Token::End,
            "in" => Token::In,
            "notin" => Token::NotIn,
            word => Token::Identifier(word.to_owned()),
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn as_value(token: Token) -> Token {
    match token {
        Token::In | Token::NotIn => Token::Identifier(token.text().to_owned()),
        other => other,
    }
}
