//! The settings that none beats: cheaper and as good, or as cheap and better.

/// Which points lie on the front, by (cost, quality). Equal points both do.
pub fn front(points: &[(f64, f64)]) -> Vec<bool> {
    let beats = |a: &(f64, f64), b: &(f64, f64)| a.0 <= b.0 && a.1 >= b.1 && (a.0 < b.0 || a.1 > b.1);
    points.iter().map(|point| !points.iter().any(|other| beats(other, point))).collect()
}

#[cfg(test)]
mod tests {
    use super::front;

    #[test]
    fn a_point_is_on_the_front_where_none_is_cheaper_and_better() {
        let of = |points: &[(f64, f64)]| front(points);
        assert_eq!(of(&[]), Vec::<bool>::new());
        assert_eq!(of(&[(1.0, 0.5), (2.0, 0.7), (3.0, 0.6), (2.0, 0.6)]), [true, true, false, false]);
        assert_eq!(of(&[(1.0, 0.5), (1.0, 0.5)]), [true, true]);
        assert_eq!(of(&[(0.0, 0.2), (1.0, 0.2)]), [true, false]);
    }
}
