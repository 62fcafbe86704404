//! Moving machines to other hosts: the words of it, and what the hosts' answers and a person's choices amount to.
pub mod verdict;
pub mod words;
