//! What the protocol promises, shown on a scripted world: replies and outcomes in, facts out.

mod budgets;
mod cut_off;
mod exposing;
mod forking;
mod gates;
mod laws;
mod needs;
mod other;
mod pausing;
mod pins;
mod resuming;
mod rounds;
mod world;
