//! Raw requests and what they must lead to.
