//! The privacy filter: finds what must not be seen, masks it, and is the only maker of [`Released`].
//! Left of it everything is sensitive and stays; right of it stands what the owner sees, and what may leave.

mod permit;
mod released;

pub use permit::Permit;
pub(crate) use permit::permit_to_set_aside;
pub use released::{Destination, Export, Owner, Plugin, Released, Sync, open};
