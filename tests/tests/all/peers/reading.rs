//! What somebody reads in a stream of bytes, and how two readings differ.

use core::fmt;

/// A name and a value.
pub(crate) type Field = (Vec<u8>, Vec<u8>);

/// What is read, one after the other.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A head. Method, target and version, or version and code; and the fields.
    Head(Vec<u8>, Vec<Field>),
    /// The end of the content: all of it, and the trailer fields.
    End(Vec<u8>, Vec<Field>),
}

impl Step {
    /// Names in lower case, and equal ones together: some keep no more of them.
    pub(crate) fn head(line: Vec<u8>, fields: Vec<Field>) -> Self {
        Self::Head(line, in_order(fields))
    }

    pub(crate) fn end(content: Vec<u8>, trailers: Vec<Field>) -> Self {
        Self::End(content, in_order(trailers))
    }

    /// Method, target and version, if this is the head of a request.
    pub(crate) fn request_line(&self) -> Option<[&[u8]; 3]> {
        let Self::Head(line, _) = self else { return None };
        line.split(|&byte| byte == b' ').collect::<Vec<_>>().try_into().ok()
    }

    pub(crate) fn in_lower_case(&self) -> String {
        format!("{self:?}").to_ascii_lowercase()
    }

    /// Is there a field in this head with this name (in lower case) and such a value?
    pub(crate) fn has_field(&self, name: &str, is_such: impl Fn(&[u8]) -> bool) -> bool {
        let (Self::Head(_, fields) | Self::End(_, fields)) = self;
        fields.iter().any(|field| field.0 == name.as_bytes() && is_such(&field.1))
    }
}

fn in_order(mut fields: Vec<Field>) -> Vec<Field> {
    fields.iter_mut().for_each(|field| field.0.make_ascii_lowercase());
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, fields) = match self {
            Self::Head(line, fields) => (line, fields),
            Self::End(content, fields) => (content, fields),
        };
        write!(f, "{}", if matches!(self, Self::Head(..)) { "[" } else { "(" })?;
        write!(f, "{}", text.escape_ascii())?;
        fields
            .iter()
            .try_for_each(|(name, value)| write!(f, " | {}: {}", name.escape_ascii(), value.escape_ascii()))?;
        write!(f, "{}", if matches!(self, Self::Head(..)) { "]" } else { ")" })
    }
}

/// All that somebody reads in a stream, which the peer then ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reading<R> {
    pub(crate) steps: Vec<Step>,
    /// Why what follows is refused. `None`: nothing follows, or it is not looked at.
    pub(crate) refused: Option<R>,
}

impl<R> Reading<R> {
    pub(crate) const EMPTY: Self = Self { steps: Vec::new(), refused: None };
}

/// Where two readings part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Difference<R> {
    /// We refuse what they read on in, or leave.
    OnlyWeRefuse(R),
    /// They refuse what we read on in, or leave.
    OnlyTheyRefuse(String),
    /// They read something other than we do.
    Other,
    /// They look no further.
    TheyStop,
    /// We look no further.
    WeStop,
}

/// The first difference, and at which step it is.
pub(crate) fn compare<R: Copy>(ours: &Reading<R>, theirs: &Reading<String>) -> Option<(usize, Difference<R>)> {
    let longest = ours.steps.len().max(theirs.steps.len());
    let at = (0..longest).find(|&at| ours.steps.get(at) != theirs.steps.get(at)).unwrap_or(longest);
    let difference = match (ours.steps.get(at), theirs.steps.get(at)) {
        (Some(_), Some(_)) => Difference::Other,
        (Some(_), None) => theirs.refused.clone().map_or(Difference::TheyStop, Difference::OnlyTheyRefuse),
        (None, Some(_)) => ours.refused.map_or(Difference::WeStop, Difference::OnlyWeRefuse),
        (None, None) => match (ours.refused, theirs.refused.clone()) {
            (Some(rule), None) => Difference::OnlyWeRefuse(rule),
            (None, Some(reason)) => Difference::OnlyTheyRefuse(reason),
            (Some(_), Some(_)) | (None, None) => return None,
        },
    };
    Some((at, difference))
}
