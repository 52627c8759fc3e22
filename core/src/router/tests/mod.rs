//! Rules by tables; the stage on a log; the rules kept, run, changed under load; what a rule may not do.

mod hostile;
mod kept;
mod live;
pub(in crate::router) mod rig;
mod sets;
