//! The right to write behind the wall.

/// Proof that the privacy filter made a record. Only this room can make one.
///
/// ```compile_fail
/// let forged = loom_core::privacy::Permit(());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Permit(());

impl Permit {
    pub(in crate::privacy) const fn grant() -> Self {
        Self(())
    }
}
