"""What people do with a model: functions of arrays, and of whatever capability a task needs."""
