"""What puts and results cost, beside what people have today and the floor for both."""
