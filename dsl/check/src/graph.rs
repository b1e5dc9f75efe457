//! Circles in a graph.

use pipe_diagnostics::Span;

/// An edge to a node, and the text that makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: usize,
    pub(crate) span: Span,
}

/// A circle: its nodes in order, and for each the place of the edge to the next; the last leads back to the first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) nodes: Vec<usize>,
    pub(crate) spans: Vec<Span>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// One circle for each edge that closes one in a depth-first walk from the first node on, so that the same graph always gives the same circles. Linear but for the circles' own length; the path is kept on the heap.
pub(crate) fn cycles(edges: &[Vec<Edge>]) -> Vec<Cycle> {
    let mut marks = vec![Mark::New; edges.len()];
    let mut found = Vec::new();
    for start in 0..edges.len() {
        if marks.get(start) != Some(&Mark::New) {
            continue;
        }
        // A node, and how many of its edges were taken.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        set(&mut marks, start, Mark::OnPath);
        while let Some((node, taken)) = path.last_mut() {
            let node = *node;
            let Some(edge) = edges.get(node).and_then(|e| e.get(*taken)) else {
                set(&mut marks, node, Mark::Done);
                path.pop();
                continue;
            };
            *taken += 1;
            match marks.get(edge.to) {
                Some(Mark::New) => {
                    set(&mut marks, edge.to, Mark::OnPath);
                    path.push((edge.to, 0));
                }
                Some(Mark::OnPath) => found.extend(close(edges, &path, edge)),
                Some(Mark::Done) | None => {}
            }
        }
    }
    found
}

fn set(marks: &mut [Mark], node: usize, mark: Mark) {
    if let Some(m) = marks.get_mut(node) {
        *m = mark;
    }
}

/// The part of the path from the node that `edge` leads back to.
fn close(edges: &[Vec<Edge>], path: &[(usize, usize)], edge: &Edge) -> Option<Cycle> {
    let from = path.iter().position(|(n, _)| *n == edge.to)?;
    let circle = path.get(from..)?;
    let taken = |(node, taken): &(usize, usize)| Some(edges.get(*node)?.get(taken.checked_sub(1)?)?.span);
    Some(Cycle { nodes: circle.iter().map(|(n, _)| *n).collect(), spans: circle.iter().filter_map(taken).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipe_diagnostics::FileId;

    fn graph(lists: &[&[usize]]) -> Vec<Vec<Edge>> {
        let edge = |from: usize, to: usize| Edge { to, span: Span::new(FileId(0), from * 10 + to..from * 10 + to) };
        lists.iter().enumerate().map(|(from, to)| to.iter().map(|t| edge(from, *t)).collect()).collect()
    }

    #[test]
    fn a_circle_is_found_with_its_path_and_a_diamond_is_none() {
        assert!(cycles(&graph(&[&[1, 2], &[3], &[3], &[]])).is_empty());
        let found = cycles(&graph(&[&[1], &[2], &[1, 3], &[3]]));
        assert_eq!(found.iter().map(|c| c.nodes.clone()).collect::<Vec<_>>(), [vec![1, 2], vec![3]]);
        assert_eq!(found[0].spans.iter().map(|s| s.start).collect::<Vec<_>>(), [12, 21]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let chain: Vec<Vec<Edge>> = (0..200_000).map(|i| vec![Edge { to: i + 1, span: Span::default() }]).collect();
        assert!(cycles(&chain).is_empty());
    }
}
