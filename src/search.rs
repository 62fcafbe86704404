//! The search field's language: free text and terms such as `state:running host:kvm1 cpu>80` (pure).
