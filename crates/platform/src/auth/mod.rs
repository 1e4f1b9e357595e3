//! Who calls: tokens are verified here, and nowhere else.

mod contacts;
mod development;
mod jwks;
mod keys;
mod principal;
mod verifier;
mod who_may;

pub use development::{DevelopmentIssuer, TokenFor};
pub use jwks::{Jwks, JwksSource};
pub use principal::{Principal, Role, RoleSet};
pub(crate) use verifier::refused;
pub use verifier::{Issuer, Verifier};
pub use who_may::who_may;
pub(crate) use who_may::{may_call, wording};

#[cfg(test)]
mod foreign;
#[cfg(test)]
mod tests;
