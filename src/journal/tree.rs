//! Sessions as trees: each fork under the session that it left.

use std::collections::HashMap;

/// A session as it stands in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its place in the list that the trees were made from.
    pub at: usize,
    /// For each level down to it: whether what stands there is the last one of its parent. Empty at a root.
    pub rails: Vec<bool>,
}

impl Branch {
    /// What stands before its name, in signs of three cells a level.
    pub fn signs(&self, ascii: bool) -> String {
        let (through, over, fork, last) = match ascii {
            true => ("|  ", "   ", "|- ", "`- "),
            false => ("│  ", "   ", "├─ ", "└─ "),
        };
        let Some((own, above)) = self.rails.split_last() else { return String::new() };
        let above = above.iter().map(|last| if *last { over } else { through });
        above.chain([if *own { last } else { fork }]).collect()
    }
}

/// The trees of these sessions, newest first: each as an id with that of its parent. A tree stands where its newest session
/// stands in the list; forks of one session stand in the order in which they were made. A session whose parent is not in the
/// list is a root.
pub fn trees(sessions: &[(&str, Option<&str>)]) -> Vec<Branch> {
    let places: HashMap<&str, usize> = sessions.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
    let parent = |at: usize| sessions.get(at).and_then(|(_, parent)| places.get((*parent)?).copied());
    let mut forks: HashMap<usize, Vec<usize>> = HashMap::new();
    for at in (0..sessions.len()).rev() {
        if let Some(parent) = parent(at).filter(|parent| *parent != at) {
            forks.entry(parent).or_default().push(at);
        }
    }
    let (mut branches, mut seen) = (Vec::with_capacity(sessions.len()), vec![false; sessions.len()]);
    for at in 0..sessions.len() {
        let mut root = at;
        // As many steps as there are sessions: what claims to be its own ancestor has no root.
        for _ in 0..sessions.len() {
            match parent(root) {
                Some(above) if above != root && !seen[at] => root = above,
                _ => break,
            }
        }
        let mut open = vec![(root, Vec::new())];
        while let Some((at, rails)) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            let below = forks.get(&at).map_or(&[][..], Vec::as_slice);
            for (nth, fork) in below.iter().enumerate().rev() {
                let rails: Vec<bool> = rails.iter().copied().chain([nth + 1 == below.len()]).collect();
                open.push((*fork, rails));
            }
            branches.push(Branch { at, rails });
        }
    }
    branches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sessions: &[(&str, Option<&str>)]) -> Vec<String> {
        let name = |branch: &Branch| format!("{}{}", branch.signs(true), sessions[branch.at].0);
        trees(sessions).iter().map(name).collect()
    }

    #[test]
    fn forks_stand_under_their_parent_and_a_tree_where_its_newest_session_does() {
        // Newest first: e is a fork of a, d of c, c of a; b stands alone, and the parent of f is gone.
        let sessions =
            [("e", Some("a")), ("f", Some("gone")), ("d", Some("c")), ("c", Some("a")), ("b", None), ("a", None)];
        assert_eq!(drawn(&sessions), ["a", "|- c", "|  `- d", "`- e", "f", "b"]);
        assert_eq!(trees(&sessions)[2].signs(false), "│  └─ ");
    }

    #[test]
    fn what_claims_to_be_its_own_ancestor_is_listed_once() {
        let mut listed = drawn(&[("a", Some("b")), ("b", Some("a")), ("c", Some("c"))]);
        listed.sort();
        assert_eq!(listed.len(), 3, "{listed:?}");
        assert!(trees(&[]).is_empty());
    }

    #[test]
    fn a_long_line_of_forks_is_one_tree() {
        let ids: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
        let sessions: Vec<(&str, Option<&str>)> =
            ids.iter().enumerate().map(|(at, id)| (id.as_str(), ids.get(at + 1).map(String::as_str))).collect();
        assert_eq!(trees(&sessions).last().map(|branch| branch.rails.len()), Some(1_999));
    }
}
