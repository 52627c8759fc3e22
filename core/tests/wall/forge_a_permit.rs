//! The right to write behind the wall cannot be made outside the privacy room.
use loom_core::privacy::Permit;

fn main() {
    let forged = Permit(());
    let granted = Permit::grant();
}
