//! The wire format of protobuf: tags, varints, lengths. It accepts and refuses what Kubernetes' generated code
//! does; it must not know any message.

use super::error::Problem;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireType {
    Varint,
    Fixed64,
    Delimited,
    StartGroup,
    EndGroup,
    Fixed32,
    Unknown(u8),
}

impl WireType {
    fn of(tag: u64) -> Self {
        match (tag & 7) as u8 {
            0 => Self::Varint,
            1 => Self::Fixed64,
            2 => Self::Delimited,
            3 => Self::StartGroup,
            4 => Self::EndGroup,
            5 => Self::Fixed32,
            other => Self::Unknown(other),
        }
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Varint => 0,
            Self::Fixed64 => 1,
            Self::Delimited => 2,
            Self::StartGroup => 3,
            Self::EndGroup => 4,
            Self::Fixed32 => 5,
            Self::Unknown(other) => other,
        }
    }
}

/// What stands before a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub number: u32,
    pub wire_type: WireType,
}

/// What is left of a message.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next tag; none at the end of the message.
    pub(super) fn tag(&mut self, message: &str) -> Result<Option<Tag>, Problem> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (number, wire_type) = ((tag >> 3) as i32, WireType::of(tag));
        if wire_type == WireType::EndGroup {
            return Err(Problem::EndOfNoGroup(message.into()));
        }
        match u32::try_from(number) {
            Ok(number) if number > 0 => Ok(Some(Tag { number, wire_type })),
            _ => Err(Problem::IllegalTag { message: message.into(), number, tag }),
        }
    }

    pub(super) fn varint(&mut self) -> Result<u64, Problem> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Problem::Truncated)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Problem::Overflow)
    }

    pub(super) fn delimited(&mut self) -> Result<&'a [u8], Problem> {
        let length = i64::try_from(self.varint()?).map_err(|_| Problem::NegativeLength)?;
        self.take(usize::try_from(length).map_err(|_| Problem::Truncated)?)
    }

    pub(super) fn fixed64(&mut self) -> Result<u64, Problem> {
        let bytes = self.take(8)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Passes over the value of an unknown field, groups within groups too.
    pub(super) fn skip(&mut self, wire_type: WireType) -> Result<(), Problem> {
        let mut wire_type = wire_type;
        let mut groups = 0_u32;
        loop {
            match wire_type {
                WireType::Varint => drop(self.varint()?),
                WireType::Fixed64 => drop(self.take(8)?),
                WireType::Delimited => drop(self.delimited()?),
                WireType::StartGroup => groups += 1,
                WireType::EndGroup => groups = groups.checked_sub(1).ok_or(Problem::UnexpectedEndOfGroup)?,
                WireType::Fixed32 => drop(self.take(4)?),
                WireType::Unknown(number) => return Err(Problem::IllegalWireType(number)),
            }
            if groups == 0 {
                return Ok(());
            }
            wire_type = WireType::of(self.varint()?);
        }
    }
}

#[cfg(test)]
mod tests;
