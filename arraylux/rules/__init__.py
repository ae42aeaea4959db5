"""The rules: one chapter of the Array API standard per file, each function with its derivative in both modes."""
