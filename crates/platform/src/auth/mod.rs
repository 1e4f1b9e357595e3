//! Who calls: tokens are verified here, and nowhere else.

mod contacts;
mod development;
mod jwks;
mod keys;
mod principal;
mod verifier;

pub use development::{DevelopmentIssuer, TokenFor};
pub use jwks::{Jwks, JwksSource};
pub use principal::{Principal, Role, RoleSet};
pub(crate) use verifier::refused;
pub use verifier::{Issuer, Verifier};

#[cfg(test)]
mod tests;
