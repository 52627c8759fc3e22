//! Loom's mark on its plate, and what it does: a taut thread under it, two bars in its place, or a dot at its corner. Drawn by
//! distance to its lines, so that every size is sharp; light on dark, which stands on every panel.

use super::Face;

/// Pixels a side that panels ask for.
pub const SIZES: [usize; 3] = [22, 32, 48];

/// From the look: dark paper, its ink, and the state that says something is down.
const PLATE: [u8; 3] = [0x15, 0x19, 0x1e];
const INK: [u8; 3] = [0xec, 0xe9, 0xe2];
const DOWN: [u8; 3] = [0xe0, 0x6c, 0x5c];

type Stroke = ((f32, f32), (f32, f32));

/// On a field of 26: three warps, and the weft that passes over and under.
const MARK: [Stroke; 7] = [
    ((8.0, 4.0), (8.0, 9.2)),
    ((8.0, 12.8), (8.0, 18.0)),
    ((13.0, 4.0), (13.0, 18.0)),
    ((18.0, 4.0), (18.0, 9.2)),
    ((18.0, 12.8), (18.0, 18.0)),
    ((4.5, 11.0), (10.7, 11.0)),
    ((15.3, 11.0), (21.5, 11.0)),
];
const THREAD: [Stroke; 1] = [((3.5, 22.0), (22.5, 22.0))];
const BARS: [Stroke; 2] = [((9.5, 7.5), (9.5, 18.5)), ((16.5, 7.5), (16.5, 18.5))];
const DOT: [Stroke; 1] = [((20.0, 20.0), (20.0, 20.0))];

/// `size` × `size` pixels, each alpha, red, green, blue.
pub fn draw(size: usize, face: Face) -> Vec<u8> {
    let scale = 26.0 / size as f32;
    let paint: &[(&[Stroke], f32, [u8; 3])] = match face {
        Face::Listening => &[(&MARK, 1.0, INK), (&THREAD, 1.0, INK)],
        Face::Paused => &[(&BARS, 2.0, INK)],
        Face::Trouble => &[(&MARK, 1.0, INK), (&DOT, 6.0, PLATE), (&DOT, 4.5, DOWN)],
    };
    let mut out = Vec::with_capacity(size * size * 4);
    for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
        let at = ((x as f32 + 0.5) * scale, (y as f32 + 0.5) * scale);
        let alpha = covered(from_plate(at), scale);
        let mut colour = PLATE.map(f32::from);
        for (strokes, half, ink) in paint {
            let near = strokes.iter().map(|s| from_stroke(at, *s)).fold(f32::MAX, f32::min);
            let share = covered(near - half, scale);
            colour = std::array::from_fn(|i| colour[i] + (f32::from(ink[i]) - colour[i]) * share);
        }
        out.push((alpha * 255.0).round() as u8);
        out.extend(colour.map(|c| c.round() as u8));
    }
    out
}

/// How much of a pixel lies inside, by the distance of its middle from the edge (negative inside).
fn covered(distance: f32, pixel: f32) -> f32 {
    (0.5 - distance / pixel).clamp(0.0, 1.0)
}

fn from_stroke((x, y): (f32, f32), ((ax, ay), (bx, by)): Stroke) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(f32::EPSILON);
    let t = along.clamp(0.0, 1.0);
    (x - ax - dx * t).hypot(y - ay - dy * t)
}

/// The plate fills the field, its corners rounded by a fifth.
fn from_plate((x, y): (f32, f32)) -> f32 {
    const ROUND: f32 = 5.2;
    let (dx, dy) = ((x - 13.0).abs() - 13.0 + ROUND, (y - 13.0).abs() - 13.0 + ROUND);
    dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - ROUND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(icon: &[u8], size: usize, x: usize, y: usize) -> [u8; 4] {
        let at = (y * size + x) * 4;
        [icon[at], icon[at + 1], icon[at + 2], icon[at + 3]]
    }

    #[test]
    fn each_face_is_another_picture_in_every_size() {
        for size in SIZES {
            let all = [Face::Listening, Face::Paused, Face::Trouble].map(|f| draw(size, f));
            assert!(all.iter().all(|i| i.len() == size * size * 4));
            assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
            for icon in &all {
                assert_eq!(pixel(icon, size, 0, 0)[0], 0, "the corner is clear");
                assert_eq!(pixel(icon, size, size / 2, 1), [255, PLATE[0], PLATE[1], PLATE[2]]);
            }
        }
    }

    #[test]
    fn lines_are_where_they_are_meant() {
        let (mark, bars) = (draw(52, Face::Listening), draw(52, Face::Paused));
        let ink = [255, INK[0], INK[1], INK[2]];
        assert_eq!((pixel(&mark, 52, 26, 20), pixel(&mark, 52, 26, 44)), (ink, ink));
        assert_eq!((pixel(&bars, 52, 19, 26), pixel(&bars, 52, 33, 26)), (ink, ink));
        assert_ne!(pixel(&bars, 52, 26, 26), ink);
        assert_eq!(pixel(&draw(52, Face::Trouble), 52, 40, 40), [255, DOWN[0], DOWN[1], DOWN[2]]);
    }
}
