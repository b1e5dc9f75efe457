//! Times a scan: `cargo run --release -p pipe-connect --example scan -- CONNECTOR FILE [PARTITIONS] [CHUNK_BYTES]`.
//!
//! Reads the file five times with inferred types, once with all meta columns and once without, and prints the best times.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use pipe_connect::source::{Projection, ScanExec, SourceSpec, bind, discover, list};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [connector, file, rest @ ..] = args.as_slice() else {
        return Err("usage: scan CONNECTOR FILE [PARTITIONS] [CHUNK_BYTES]".into());
    };
    let partitions = rest.first().map_or(Ok(2), |n| n.parse())?;
    let spec = SourceSpec {
        name: "scanned".to_string(),
        connector: connector.clone(),
        root: Path::new(".").to_path_buf(),
        locator: file.clone(),
        config: Default::default(),
        declared: None,
    };
    let started = Instant::now();
    let files = list(&spec).await?;
    let discovery = discover(&spec, &files).await?;
    let target = discovery.fields();
    let bound = bind(&spec, &discovery, &target, &Default::default());
    let mut out = format!("found in {:?}\n", started.elapsed());
    for (what, projection) in
        [("all meta columns", Projection::all(target.len())), ("data only", Projection::data(target.len()))]
    {
        let mut best = f64::MAX;
        let mut rows = 0;
        for _ in 0..5 {
            let scan = ScanExec::try_new(&spec, files.clone(), &bound, &target, projection.clone(), partitions)?;
            let scan = Arc::new(match rest.get(1) {
                Some(bytes) => scan.with_chunk_bytes(bytes.parse()?),
                None => scan,
            });
            let started = Instant::now();
            let tasks: Vec<_> = (0..partitions)
                .map(|partition| {
                    let scan = Arc::clone(&scan);
                    tokio::spawn(async move {
                        let mut stream = scan.execute(partition, Arc::new(TaskContext::default()))?;
                        let mut rows = 0;
                        while let Some(batch) = stream.next().await {
                            rows += batch?.num_rows();
                        }
                        Ok::<_, datafusion::error::DataFusionError>(rows)
                    })
                })
                .collect();
            rows = 0;
            for task in tasks {
                rows += task.await??;
            }
            best = best.min(started.elapsed().as_secs_f64());
        }
        out.push_str(&format!("{what}: {rows} rows in {:.1} ms\n", best * 1e3));
    }
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes())?;
    Ok(())
}
