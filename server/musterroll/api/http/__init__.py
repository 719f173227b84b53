"""What all REST resources share: application, authentication, problems, lists."""
