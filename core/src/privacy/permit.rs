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

/// A record that passed the filter may be set aside in its own topic's dead letters, which inherit its class.
pub(crate) fn permit_to_set_aside(r: &crate::bus::Record) -> Option<Permit> {
    r.class().is_walled().then(Permit::grant)
}
