//! The licensing service: which licences a project needs, which kind was chosen, which special offer
//! was accepted, and what is in place. It answers one question of the process: LICENCE_REQUIRED.

pub mod catalogue;
pub mod company;
pub mod licensing;
pub mod offers;
