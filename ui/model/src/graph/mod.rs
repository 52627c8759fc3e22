//! The pipeline as a graph, drawn from what the log says of itself: net → columns → rows → places → strands.
//!
//! Columns by the longest way from a source, rows by barycentre with the main road first; everything in pixels of the
//! plane, and nothing in it knows a browser.

mod columns;
mod fold;
mod light;
mod moved;
mod net;
mod places;
mod rows;
mod steps;
mod strands;
#[cfg(test)]
mod tests;

pub use columns::columns;
pub use fold::{FOLD_ABOVE, Folded, fold};
pub use light::{Chosen, Lit, light};
pub use moved::{Moved, moved};
pub use net::{Kind, Net, Node, Side, Topic, group_of, net};
pub use places::{KnotAt, LabelAt, Plan, ThreadAt, plan};
pub use rows::{Rows, rows};
pub use steps::{Step, steps};
pub use strands::{Slack, Strand, drawn, strands, width_of};
