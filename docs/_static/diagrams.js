// grey, which the theme turns into its opposite on dark pages
mermaid.initialize({ theme: "neutral" });
