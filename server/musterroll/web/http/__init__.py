"""What all pages share: context, security, sign-in, errors, menu, assets."""
